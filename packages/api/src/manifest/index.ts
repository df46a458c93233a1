export * from './line.js'
export * from './mtime.js'
