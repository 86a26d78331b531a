import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { boats } from './manifests.ts';
import { useKubectl } from './setup.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'python-client.py');
/** Debian's: the package installs for it. */
const PYTHON = '/usr/bin/python3';

const installed = await run(PYTHON, ['-c', 'import kubernetes']).then(
  () => true,
  () => false,
);
if (!installed && process.env.CI !== undefined) throw new Error('CI needs the package python3-kubernetes');
if (!installed) console.log('python3-kubernetes is not tested: apt-get install python3-kubernetes');

describe.runIf(installed)("Debian's python3-kubernetes", () => {
  const setup = useKubectl();

  beforeAll(async () => {
    const { kubectl } = setup;
    await kubectl.run(['apply', '-f', kubectl.file('crd.yaml', boats('py.example.com'))]);
    await eventually('the kind is served', async () => (await kubectl.try('get boats')).code === 0);
  });

  it.each([
    ['creates, reads, replaces and deletes', 'create_read_replace_delete'],
    ['patches by strategic merge and by JSON Patch', 'patch_every_way'],
    ['lists by labels and page by page', 'list_by_labels_and_pages'],
    ['watches from the version of its list', 'watch_changes'],
    ['is told why an object is wrong', 'be_told_why_an_object_is_wrong'],
    ['runs and scales a Deployment', 'run_a_deployment'],
    ['uses custom resources, also by discovery', 'use_custom_resources'],
  ])('%s', async (_sentence, check) => {
    const { kubeconfig } = setup.plane;
    await expect(run(PYTHON, [SCRIPT, kubeconfig, check], { timeout: 60_000 })).resolves.toMatchObject({
      stderr: '',
    });
  });
});
