import { beforeAll, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'
import { type Cast, hasPython, openCast, runScript } from './cast.js'

let cast: Cast
cleanUpAfterwards()
beforeAll(async () => {
  if (hasPython) cast = await openCast()
})

test.skipIf(!hasPython).each(['people', 'storage', 'files', 'places', 'settings'])(
  '%s.py runs unchanged',
  async (name) => {
    await runScript(cast, name)
  },
)
