export { createApp } from './app.js'
export { type Certificate, loadCertificate } from './certificate.js'
export type { ServerDeps } from './deps.js'
export { type Listeners, type ListenOptions, listen } from './listen.js'
