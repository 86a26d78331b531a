import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/{src,test}/**/*.test.ts',
      'tools/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // a second, the default, is too short on a machine that does other things
    expect: { poll: { timeout: 20_000, interval: 50 } },
    // two cores: more workers only make each other late
    maxWorkers: 2,
  },
});
