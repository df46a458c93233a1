// Lets a plain Node process run the sources, for tests that kill it: `node --import typescript-loader.mjs`.
import { register } from 'node:module'

const hooks = `
  import { readFile } from 'node:fs/promises'
  import { fileURLToPath } from 'node:url'
  import ts from ${JSON.stringify(import.meta.resolve('typescript'))}

  export function resolve(specifier, context, next) {
    const ours = specifier.startsWith('.') && !context.parentURL.includes('/node_modules/')
    return next(ours ? specifier.replace(/\\.js$/, '.ts') : specifier, context)
  }

  export async function load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context)
    const text = await readFile(fileURLToPath(url), 'utf8')
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    })
    return { format: 'module', source: outputText, shortCircuit: true }
  }
`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
