export * from './messages.js'
export * from './requests.js'
export * from './session.js'
