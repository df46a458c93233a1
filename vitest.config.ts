import { defineConfig } from 'vitest/config'

// Tests read the sources of every package, never an older build of them.
// No 'import' here: it would reach Node's `require` too, which old packages like pg do not survive.
const source = { conditions: ['@waybill/source', 'node', 'default'] }

export default defineConfig({
  test: {
    projects: [
      {
        resolve: source,
        ssr: { resolve: source },
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['packages/*/src/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: source,
        ssr: { resolve: source },
        test: {
          name: 'e2e',
          // After the unit tests, so that processes on real disks are not slowed by them.
          sequence: { groupOrder: 1 },
          include: ['tests/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Whole process trees on real disks: two files side by side are enough.
          maxWorkers: 2,
        },
      },
    ],
  },
})
