#!/usr/bin/env node
// Committed as plain JavaScript, so that npm can link it before the first build.
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) {
  const { main: run } = await import(main.href)
  await run(process.argv.slice(2))
} else {
  process.stderr.write('waybill: not built yet; run "npm run build" first\n')
  process.exitCode = 2
}
