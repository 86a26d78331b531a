import { SampanError } from '@sampan/base';
import { run } from '../command.ts';

/**
 * Docker, ufw and others make the machine forward nothing but what they know (iptables, policy DROP of FORWARD). No
 * table of ours can allow what theirs forbids, so they get two rules for a link, where they want to have those of
 * others: DOCKER-USER, else FORWARD. What the link may do is still ours to say (`hostTable`).
 */
export async function admitLink(link: string, netns?: string): Promise<void> {
  const chain = await restrictedChain(netns);
  if (chain === undefined) return;
  for (const rule of linkRules(link))
    if (!(await hasRule(chain, rule, netns))) await iptables(['-I', chain, ...rule], netns);
}

/** Takes the rules away; they need not be there. */
export async function forgetLink(link: string, netns?: string): Promise<void> {
  if (!(await hasIptables(netns))) return;
  for (const chain of ['DOCKER-USER', 'FORWARD'])
    for (const rule of linkRules(link))
      if (await hasRule(chain, rule, netns)) await iptables(['-D', chain, ...rule], netns);
}

const linkRules = (link: string): string[][] =>
  ['-i', '-o'].map((side) => [side, link, '-m', 'comment', '--comment', 'sampan', '-j', 'ACCEPT']);

async function restrictedChain(netns: string | undefined): Promise<string | undefined> {
  if (!(await hasIptables(netns))) return undefined;
  const rules = (await iptables(['-S'], netns)).split('\n');
  if (rules.includes('-N DOCKER-USER')) return 'DOCKER-USER';
  return rules.includes('-P FORWARD DROP') ? 'FORWARD' : undefined;
}

const hasRule = (chain: string, rule: readonly string[], netns: string | undefined): Promise<boolean> =>
  succeeds(() => iptables(['-C', chain, ...rule], netns));

/** A machine without it has no such rules either. */
const hasIptables = (netns: string | undefined): Promise<boolean> =>
  succeeds(() => run('iptables', ['--version'], { netns }));

const iptables = (args: readonly string[], netns: string | undefined): Promise<string> =>
  // others may be at it
  run('iptables', ['-w', '5', ...args], { netns });

const succeeds = (task: () => Promise<unknown>): Promise<boolean> =>
  task().then(
    () => true,
    (error: unknown) => {
      if (error instanceof SampanError) return false;
      throw error;
    },
  );
