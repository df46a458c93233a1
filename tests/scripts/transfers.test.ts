import { beforeAll, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'
import { type Cast, hasPython, openCast, runScript } from './cast.js'

let cast: Cast
cleanUpAfterwards()
beforeAll(async () => {
  if (hasPython) cast = await openCast()
})

test.skipIf(!hasPython).each(['transfers', 'parties', 'errors', 'shapes', 'pipeline'])(
  '%s.py runs unchanged',
  async (name) => {
    await runScript(cast, name)
  },
  300_000,
)
