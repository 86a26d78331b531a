/** How a test ended. */
export interface TestEnd {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped, in a line; empty when it passed. */
  readonly message: string;
}

const BETWEEN = /^-{30}$/m;
const MAX_MESSAGE = 400;
const FAILURE = /^• Failure/m;
/** So many blocks before the line may be the one that tells the failure. */
const LOOK_BACK = 5;
/** Where tests run one at a time, ginkgo's mark of a passed one stands before it. */
const LAST_WORD = /(?<=^•?)\{"msg":.*\}$/gm;

/**
 * Reads what ginkgo 1 prints of upstream's test program. Unlike its JUnit files, this is there when a run was ended
 * early. A test that was skipped while it ran is known by its last words only.
 */
export function readGinkgoLog(text: string, names: readonly string[]): TestEnd[] {
  const blocks = text.split(BETWEEN);
  return blocks.flatMap((block, i) => [
    ...endedTests(block, blocks.slice(Math.max(0, i - LOOK_BACK), i)),
    ...skippedTest(block, names),
  ]);
}

/** A failure is told before the line that counts it, with skipped tests between the two at times. */
function endedTests(block: string, before: readonly string[]): TestEnd[] {
  const ends: TestEnd[] = [];
  for (const line of block.match(LAST_WORD) ?? []) {
    const { msg } = JSON.parse(line) as { msg: string };
    const [, state, name] = /^(PASSED|FAILED) (.*)$/s.exec(msg) ?? [];
    if (name === undefined) continue;
    if (state === 'PASSED') ends.push({ name, outcome: 'passed', message: '' });
    else
      ends.push({
        name,
        outcome: 'failed',
        message: failure(before.findLast((told) => FAILURE.test(told)) ?? ''),
      });
  }
  return ends;
}

/** What was expected, and what came instead, without the Go structures between them. */
function failure(block: string): string {
  const [, told = ''] = /^• Failure[\s\S]*?\n\n([\s\S]*)/m.exec(block) ?? [];
  const [, first = told] = /^\s*(?:\w{3} +\d+ [\d:.]+: )?(.*)/.exec(told) ?? [];
  const [, error = ''] =
    /\n {2,}\}\n([\s\S]*?)\n\s*(?:occurred|not to have occurred|to be nil)/.exec(told) ?? [];
  return oneLine(`${first} ${error}`);
}

/** Ginkgo prints the texts of the test, each above the line of the source that it is from. */
function skippedTest(block: string, names: readonly string[]): TestEnd[] {
  const [, told, message = ''] = /^S \[SKIPPING\].*\n([\s\S]*?)\n\n\s*(.*)/m.exec(block) ?? [];
  if (told === undefined) return [];
  const texts = told.split('\n').filter((line) => !/^\s*\S+\.go:\d+$/.test(line));
  const joined = oneLine(texts.map((line) => line.replace(/ \[(It|BeforeEach)\]$/, '')).join(' '));
  const name = names.find((candidate) => oneLine(candidate) === joined) ?? joined;
  return [{ name, outcome: 'skipped', message: oneLine(message) }];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE);
}
