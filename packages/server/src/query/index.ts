export * from './binding.js'
export { compile } from './compile.js'
export { re2Engine } from './regex/engine.js'
export { sqliteFunctions } from './sqlite-functions.js'
