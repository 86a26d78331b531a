import { messageOf } from '@sampan/base';
import type { ErrorCode } from 'yaml';

/** What the text of a YAML error says, and whether go-yaml finds it while scanning (which counts lines from 1). */
interface Known {
  readonly text: string;
  readonly scanner?: boolean;
}

const MAPPING: Known = { text: 'mapping values are not allowed in this context', scanner: true };
const EXPECTED_KEY: Known = { text: 'did not find expected key' };

/** go-yaml's words for the errors of our parser that have a close match there. */
const KNOWN: Partial<Readonly<Record<ErrorCode, Known>>> = {
  BLOCK_AS_IMPLICIT_KEY: MAPPING,
  BLOCK_IN_FLOW: MAPPING,
  MULTILINE_IMPLICIT_KEY: MAPPING,
  TAB_AS_INDENT: { text: 'found character that cannot start any token', scanner: true },
  BAD_SCALAR_START: { text: 'found character that cannot start any token', scanner: true },
  BAD_INDENT: { text: 'did not find expected node content' },
  UNEXPECTED_TOKEN: EXPECTED_KEY,
  BAD_DQ_ESCAPE: { text: 'found unknown escape character', scanner: true },
};

const MISSING: readonly (readonly [RegExp, Known])[] = [
  [/quote/, { text: 'found unexpected end of stream', scanner: true }],
  [/end with a \}/, { text: "did not find expected ',' or '}'" }],
  [/end with a \]/, { text: "did not find expected ',' or ']'" }],
];

function known(code: string | undefined, message: string): Known | undefined {
  if (code === 'MISSING_CHAR') return MISSING.find(([pattern]) => pattern.test(message))?.[1];
  return KNOWN[code as ErrorCode];
}

/** `yaml: line 3: did not find expected key`: a parse error in go-yaml's form, and words where they match. */
export function yamlErrorText(error: unknown): string {
  const { code, linePos } = error as { code?: string; linePos?: readonly { line: number }[] };
  const message = messageOf(error);
  const match = known(code, message);
  if (!match) return `yaml: ${message.split('\n', 1)[0]}`;
  const line = (linePos?.[0]?.line ?? 1) - 1;
  if (line === 0) return `yaml: ${match.text}`;
  return `yaml: line ${match.scanner ? line + 1 : line}: ${match.text}`;
}
