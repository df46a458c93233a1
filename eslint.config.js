import tseslint from 'typescript-eslint'

/** Who may import whom, and why. See docs/architecture.md, "Rooms". */
const rooms = [
  {
    room: 'api',
    forbidden: ['asc', 'agent', 'server', 'sdk', 'cli', 'testkit'],
    why: 'api is the contract: it stands on nothing of ours',
    builtins: false,
  },
  {
    room: 'asc',
    forbidden: ['agent', 'server', 'sdk', 'cli', 'testkit'],
    why: 'asc is a pure protocol: no network, no files',
    builtins: false,
  },
  {
    room: 'agent',
    forbidden: ['server', 'sdk', 'cli'],
    why: 'an agent knows the control plane by its wire only',
  },
  {
    room: 'server',
    forbidden: ['asc', 'agent', 'sdk', 'cli'],
    why: 'the control plane never touches file data',
  },
  {
    room: 'sdk',
    forbidden: ['asc', 'agent', 'server', 'cli', 'testkit'],
    why: 'the SDK speaks the public protocol, like any other client',
  },
]

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  ...rooms.map(({ room, forbidden, why, builtins }) => ({
    files: [`packages/${room}/src/**/*.ts`],
    ignores: ['**/*.test.ts', '**/*.fixture.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: forbidden.map((name) => `@waybill/${name}`), message: `${why}.` },
            ...(builtins === false ? [{ group: ['node:*'], message: `${why}.` }] : []),
          ],
        },
      ],
    },
  })),
  {
    files: ['**/*.test.ts', 'packages/testkit/**/*.ts', 'tests/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 500 }], '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
