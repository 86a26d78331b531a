import { type FieldError, invalid } from '@sampan/api';
import { compareLevels, LEVELS, type Level, type LevelVersion, PRIVILEGED, type Version } from './levels.ts';
import type { PodSecurityOptions } from './options.ts';

/** What a namespace asks for. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
  /** Labels that cannot be understood; they count as the strictest. */
  readonly problems: readonly FieldError[];
}

const PREFIX = 'pod-security.kubernetes.io/';
type Labels = Readonly<Record<string, string>>;

/** Reads the labels of a namespace (pod-security-admission api PolicyToEvaluate). */
export function policyOf(labels: Labels | undefined, defaults: PodSecurityOptions['defaults'] = {}): Policy {
  const problems: FieldError[] = [];
  const read = (mode: 'enforce' | 'audit' | 'warn'): LevelVersion => {
    const fallback = defaults[mode] ?? PRIVILEGED;
    const level = labelOf(labels, mode);
    const version = labelOf(labels, `${mode}-version`);
    return {
      level: level === undefined ? fallback.level : parseLevel(level, mode, problems),
      version: version === undefined ? fallback.version : parseVersion(version, `${mode}-version`, problems),
    };
  };
  const enforce = read('enforce');
  const audit = read('audit');
  const warn = read('warn');
  // who enforces a level also wants to hear of templates that cannot come to life
  const follows =
    labelOf(labels, 'warn') === undefined &&
    labelOf(labels, 'enforce') !== undefined &&
    compareLevels(enforce.level, warn.level) > 0;
  return { enforce, audit, warn: follows ? enforce : warn, problems };
}

function labelOf(labels: Labels | undefined, name: string): string | undefined {
  const key = `${PREFIX}${name}`;
  return labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

const fieldOf = (name: string): string => `metadata.labels[${PREFIX}${name}]`;

function parseLevel(text: string, name: string, problems: FieldError[]): Level {
  const level = LEVELS.find((known) => known === text);
  if (level) return level;
  problems.push(invalid(fieldOf(name), text, `must be one of ${LEVELS.join(', ')}`));
  return 'restricted';
}

function parseVersion(text: string, name: string, problems: FieldError[]): Version {
  if (text === 'latest') return text;
  const minor = /^v1\.(0|[1-9]\d{0,5})$/.exec(text)?.[1];
  if (minor !== undefined) return Number(minor);
  problems.push(invalid(fieldOf(name), text, 'must be "latest" or "v1.x"'));
  return 'latest';
}
