export * from './reading.js'
export * from './scope.js'
