import { describe, expect, it } from 'vitest';
import type { PodAction } from '../src/pods/decision.ts';
import { SimulatedPod } from './simulated-pod.ts';

const SEEDS = 600;
const STEPS = 50;

/** What must hold of every start. */
function checkStart(
  world: SimulatedPod,
  action: Extract<PodAction, { do: 'start-container' }>,
): string | undefined {
  const { name, kind, attempt, sandboxId } = action;
  if (world.running.some((container) => container.name === name)) return `${name} is started twice`;
  if (world.pod.metadata?.deletionTimestamp) return `${name} is started in a pod that is deleted`;
  const before = world.view.containers.filter((container) => container.name === name);
  if (before.some((container) => container.attempt >= attempt))
    return `${name} gets attempt ${attempt} again`;
  const [latest] = before;
  if (kind === 'regular') {
    const first = !world.view.containers.some((each) => each.sandboxId === sandboxId && each.name === name);
    const unprepared = world.unprepared(sandboxId);
    if (first && unprepared.length > 0) return `${name} is started before ${unprepared}`;
    const policy = world.pod.spec?.restartPolicy;
    if (latest && policy === 'Never') return `${name} is restarted though its policy is Never`;
    const wasKilled = latest && world.killed.has(latest.id);
    if (latest?.exitCode === 0 && policy === 'OnFailure' && !wasKilled)
      return `${name} is restarted though it succeeded`;
  }
  return undefined;
}

const OVER = new Set(['Failed', 'Succeeded']);

/** What must hold of every step from one phase to the next. */
function checkPhase(from: string | undefined, to: string | undefined): string | undefined {
  if (from !== undefined && OVER.has(from) && from !== to) return `from ${from} to ${to}`;
  if (from === 'Running' && to === 'Pending') return 'from Running back to Pending';
  return undefined;
}

function live(world: SimulatedPod, step: () => boolean): string | undefined {
  while (step()) {
    const before = world.status.phase;
    const { actions } = world.decide();
    const wrong = checkPhase(before, world.status.phase);
    if (wrong) return wrong;
    const action = actions[Math.floor(world.random() * actions.length)];
    if (!action) continue;
    const bad = action.do === 'start-container' ? checkStart(world, action) : undefined;
    if (bad) return bad;
    world.perform(action);
  }
  return undefined;
}

describe('a pod to which anything may happen', () => {
  it('never starts a container twice, too early or against its policy, and never leaves its last phase', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new SimulatedPod(seed);
      let steps = 0;
      const wrong = live(world, () => {
        if (world.random() < 0.5) world.befall();
        return steps++ < STEPS;
      });
      expect(wrong, `seed ${seed}: ${world.story.join('\n')}`).toBeUndefined();
    }
  });

  it('comes to rest when nothing more happens to it: it runs, or it is over', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new SimulatedPod(seed);
      let steps = 0;
      live(world, () => {
        if (world.random() < 0.5) world.befall();
        return steps++ < STEPS / 2;
      });
      const { rested, ended } = rest(world);
      const { phase } = world.status;
      const initializing = world.running.length > 0 && phase === 'Pending';
      expect(
        rested && (ended || phase === 'Running' || initializing),
        `seed ${seed}: ${world.story.join('\n')}`,
      ).toBe(true);
      if (ended) expect(OVER.has(phase ?? '')).toBe(true);
      else if (phase === 'Running')
        expect(world.isSettled, `seed ${seed}: ${world.story.join('\n')}`).toBe(true);
    }
  });

  it('ends within its grace when it is deleted', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new SimulatedPod(seed);
      let steps = 0;
      live(world, () => steps++ < 12);
      world.delete();
      const begun = world.now;
      const { ended } = rest(world);
      expect(ended, `seed ${seed}: ${world.story.join('\n')}`).toBe(true);
      expect(world.now - begun).toBeLessThan(35_000);
      expect(world.running).toEqual([]);
    }
  });
});

/** Does all that is decided, and lets time pass, until nothing is left to do. */
function rest(world: SimulatedPod): { rested: boolean; ended: boolean } {
  for (let step = 0; step < 300; step++) {
    const { actions, wakeAt, ended } = world.decide();
    const [action] = actions;
    if (action) world.perform(action);
    else if (wakeAt !== undefined && wakeAt > world.now && !ended) world.now = wakeAt;
    else return { rested: true, ended };
  }
  return { rested: false, ended: false };
}
