import { describe, expect, it } from 'vitest';
import { findBans } from './import-bans.ts';

const bansIn = (file: string, text: string) =>
  findBans(file, text).map(({ line, reason }) => `${line}: ${reason}`);

describe('import tiers', () => {
  it('lets a package import from the tiers below it', () => {
    expect(bansIn('packages/apiserver/src/a.ts', "import { x } from '@sampan/machinery';")).toEqual([]);
    expect(bansIn('apps/server/src/a.ts', "import { x } from '@sampan/controllers';")).toEqual([]);
  });

  it('forbids packages of tier 3 to import each other, and says why', () => {
    const [ban = ''] = bansIn(
      'packages/apiserver/src/a.ts',
      "// first\nimport { x } from '@sampan/controllers';",
    );
    expect(ban).toMatch(/^2: packages of tier 3 meet through API objects/);
  });

  it('forbids imports upwards, of types too', () => {
    expect(bansIn('packages/base/src/a.ts', "import type { X } from '@sampan/api';")).toHaveLength(1);
    expect(bansIn('packages/store/src/a.ts', "export * from '@sampan/api';")).toHaveLength(1);
  });

  it('forbids everyone to import an app, by dynamic import too', () => {
    const [ban = ''] = bansIn('apps/cli/src/a.ts', "const s = await import('@sampan/server');");
    expect(ban).toMatch(/composition roots/);
  });

  it('forbids to reach into another package by path', () => {
    const [ban = ''] = bansIn('packages/apiserver/src/a.ts', "import '../../base/src/errors.ts';");
    expect(ban).toMatch(/imported by name/);
  });

  it('forbids shipped code to import tools, and lets tests do so', () => {
    const text = "import { x } from '../../../tools/upstream/start.ts';";
    expect(bansIn('packages/machinery/src/a.ts', text)).toHaveLength(1);
    expect(bansIn('packages/machinery/test/a.ts', text)).toEqual([]);
  });

  it('asks to name the tier of a new package', () => {
    expect(bansIn('packages/novel/src/a.ts', "import '@sampan/base';")[0]).toMatch(/is in no tier/);
  });
});
