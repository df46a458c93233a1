export { createApp } from './app.js'
export type { ServerDeps } from './deps.js'
export { type Certificate, loadCertificate } from './network/certificate.js'
export { type Listeners, type ListenOptions, listen } from './network/listen.js'
