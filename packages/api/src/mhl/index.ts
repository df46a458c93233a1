export * from './chain.js'
export * from './hash-list.js'
export * from './xml.js'
