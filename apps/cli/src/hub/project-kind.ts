import { PROJECTS, type ProjectMember, type ProjectObject, type TagSelector } from '@sampan/hub/kinds';
import { age, size } from '../clusters/print-clusters.ts';
import { usage } from '../parse.ts';
import { type HubKind, plain } from './hub-kind.ts';

export const PROJECT: HubKind<ProjectObject> = {
  ref: PROJECTS,
  word: 'project',
  objectName: (text) => {
    if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
    throw usage(
      `${JSON.stringify(text)} cannot name a project.`,
      'Use up to 63 lower case letters, digits and -, beginning and ending with a letter or digit.',
    );
  },
  shownName: plain,
  within: {},
  columns: [
    ['NAME', plain],
    ['ACCESS', ({ spec }) => (spec?.public ? 'public' : 'private')],
    ['REPOSITORIES', ({ status }) => text(status?.repositories)],
    ['TAGS', ({ status }) => text(status?.tags)],
    ['USED', ({ status }) => size(status?.usedBytes)],
    ['QUOTA', ({ spec }) => size(spec?.quota?.bytes)],
    ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
  ],
  wide: [
    ['MEMBERS', ({ spec }) => String(spec?.members?.length ?? 0)],
    ['DESCRIPTION', ({ spec }) => spec?.description || '-'],
  ],
  rows: [
    ['Name', plain],
    ['Description', ({ spec }) => spec?.description],
    ['Access', ({ spec }) => (spec?.public ? 'public: all may pull' : 'private')],
    ['Members', ({ spec }) => (spec?.members ?? []).map(memberText).join('\n')],
    ['Quota', ({ spec }) => (spec?.quota?.bytes === undefined ? 'none' : size(spec.quota.bytes))],
    ['Used', ({ status }) => size(status?.usedBytes)],
    ['Repositories', ({ status }) => status?.repositories?.toString()],
    ['Tags', ({ status }) => status?.tags?.toString()],
    ['Immutable', ({ spec }) => (spec?.immutability ?? []).map(selectorText).join('\n')],
    ['Artifacts', ({ spec }) => (spec?.allowedArtifactTypes ?? []).join('\n')],
    ['Retention', retentionText],
    ['Last retention', lastRetentionText],
    ['Created', ({ metadata }) => metadata.creationTimestamp ?? undefined],
  ],
  // False for a schedule that is none
  judgedBy: ['Ready', 'Retained'],
  none: 'There are no projects yet. Make one: sampan hub project create shop',
};

const text = (value: number | undefined): string => (value === undefined ? '-' : String(value));
const memberText = ({ kind, name, role }: ProjectMember): string => `${kind} ${name}: ${role}`;
const selectorText = ({ repositories = '**', tags = '*' }: TagSelector): string => `${repositories}:${tags}`;

function retentionText({ spec }: ProjectObject): string | undefined {
  if (!spec?.retention) return undefined;
  const { schedule, dryRun, rules = [] } = spec.retention;
  const when = schedule === undefined ? 'when asked' : `"${schedule}" (UTC)`;
  const lines = rules.map((rule) => {
    const kept = [
      rule.keepLast === undefined ? '' : `the last ${rule.keepLast}`,
      rule.keepPushedDays === undefined ? '' : `pushed in ${rule.keepPushedDays} d`,
      rule.keepPulledDays === undefined ? '' : `pulled in ${rule.keepPulledDays} d`,
    ].filter((part) => part !== '');
    return `${selectorText(rule)} keeps ${kept.join(', or ') || 'nothing'}`;
  });
  return [`${when}${dryRun ? ', dry run' : ''}`, ...lines].join('\n');
}

function lastRetentionText({ status }: ProjectObject): string | undefined {
  if (!status?.retention) return undefined;
  const { time, dryRun, count } = status.retention;
  return `${time}: ${count} tags ${dryRun ? 'would have been' : 'were'} deleted`;
}
