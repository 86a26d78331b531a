import { readdir } from 'node:fs/promises';
import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogRotator, type PodRunner } from '../src/index.ts';
import { ContainerExits } from '../src/logs/container-exits.ts';
import { readLog } from '../src/logs/read-log.ts';
import { canRunContainers, pause, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

const LINES = 30_000;

describe.runIf(await canRunContainers())('the log of a container', () => {
  let node: TestNode;
  let runner: PodRunner;
  const reports = new Reports();

  beforeAll(async () => {
    node = await TestNode.start();
    runner = startRunner(node, reports);
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
  });

  it('is rotated while it is written, and a follower sees each line once', async () => {
    const count = `i=0; while [ $i -lt ${LINES} ]; do echo "line $i"; i=$((i+1)); done; exec sleep 1`;
    const pod = testPod('writer', { containers: [shell('c', count)], restartPolicy: 'Never' });
    runner.set(pod);
    await reports.until(pod, ({ status }) => status.phase === 'Running');
    const { namespace, name, uid } = pod.metadata ?? {};
    const folder = `${node.node.logFolder}/${namespace}_${name}_${uid}/c`;
    const rotator = new LogRotator({
      folder: node.node.logFolder,
      runtime: node.runtime,
      clock: systemClock,
      log: silentLogger,
      maxBytes: 64 * 1024,
      maxFiles: 5,
    });
    const [container] = await node.runtime.listContainers(uid);
    const control = new AbortController();
    const exits = new ContainerExits(node.runtime, silentLogger);
    const ended = exits.wait(container?.id ?? '', control.signal);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    const rotating = (async () => {
      while (!over) {
        await rotator.rotateAll();
        await pause(150);
      }
    })();
    let text = '';
    const follow = { ended, signal: control.signal };
    for await (const part of readLog(`${folder}/0.log`, { timestamps: false }, follow))
      text += part.toString();
    await rotating;
    const seen = text.trimEnd().split('\n');
    // it may have begun after the first rotations took the oldest files away
    const first = Number(seen[0]?.slice('line '.length));
    expect(seen).toHaveLength(LINES - first);
    expect(seen.findIndex((line, index) => line !== `line ${first + index}`)).toBe(-1);
    const files = await readdir(folder);
    expect(files.length).toBeGreaterThan(2);
    expect(files.length).toBeLessThanOrEqual(5);
    expect(files.filter((file) => file.endsWith('.gz')).length).toBeGreaterThan(0);
    expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([]);
    // what is left is a log without gaps too
    let left = '';
    for await (const part of readLog(`${folder}/0.log`, { timestamps: false })) left += part.toString();
    expect(text.endsWith(left)).toBe(true);
  });
});
