import { ROBOT_ACCOUNTS, type RobotAccountObject, robotLogin } from '@sampan/hub/kinds';
import { age } from '../clusters/print-clusters.ts';
import { usage } from '../parse.ts';
import { dotted, type HubKind, slashed } from './hub-kind.ts';

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const NAME = new RegExp(`^(?:${LABEL}/)?${LABEL}$`);

export const ROBOT: HubKind<RobotAccountObject> = {
  ref: ROBOT_ACCOUNTS,
  word: 'robot',
  objectName: (text) => {
    // as it logs in
    const name = text.replace(/^robot\//, '');
    if (NAME.test(name)) return dotted(name);
    throw usage(
      `${JSON.stringify(text)} cannot name a robot.`,
      'A robot of one project is named PROJECT/NAME, one of several NAME: lower case letters, digits and -.',
    );
  },
  shownName: slashed,
  within: {
    fits: ({ spec }, project) =>
      (spec?.permissions ?? []).some((one) => [project, '*'].includes(one.project)),
  },
  columns: [
    ['NAME', slashed],
    ['LOGIN', loginOf],
    ['RIGHTS', rightsOf],
    ['EXPIRES', ({ spec }) => spec?.expiresAt ?? 'never'],
    ['LAST USED', ({ status }) => age(status?.lastUsed)],
    ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
  ],
  wide: [
    ['READY', ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? '-'],
    ['DESCRIPTION', ({ spec }) => spec?.description || '-'],
  ],
  rows: [
    ['Name', slashed],
    ['Login', loginOf],
    ['Description', ({ spec }) => spec?.description],
    ['Rights', rightsOf],
    ['Expires', ({ spec }) => spec?.expiresAt ?? 'never'],
    ['Disabled', ({ spec }) => (spec?.disabled ? 'yes' : undefined)],
    [
      'Secret',
      ({ spec }) => spec?.secretRef && `in the Secret ${spec.secretRef.name} of ${spec.secretRef.namespace}`,
    ],
    ['Last used', ({ status }) => status?.lastUsed && `${status.lastUsed} (${age(status.lastUsed)} ago)`],
    ['Created', ({ metadata }) => metadata.creationTimestamp ?? undefined],
  ],
  expected: ['Disabled', 'Expired'],
  none: 'There are no robots. Make one: sampan hub robot create PROJECT/NAME --role developer',
};

function loginOf({ metadata, status }: RobotAccountObject): string {
  return status?.login ?? robotLogin(metadata.name ?? '');
}

function rightsOf({ spec }: RobotAccountObject): string {
  const rights = (spec?.permissions ?? []).map(
    ({ project, role }) => `${project === '*' ? 'all' : project}=${role}`,
  );
  return rights.join(',') || 'none';
}
