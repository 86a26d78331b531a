import type { RobotAccountSpec, RobotPermission } from '@sampan/hub/kinds';
import { durationOf } from '../clusters/durations.ts';
import type { OptionValues } from '../command.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';
import { roleFrom } from './project-spec.ts';
import type { SpecPatch } from './spec-patch.ts';

/** Of a robot that is new. Throws `usage`. */
export function permissionsFrom(text: string, options: OptionValues): RobotPermission[] {
  const role = roleFrom(options.role);
  const named = listOf(options.project);
  const slash = text.indexOf('/');
  if (slash >= 0 && !text.startsWith('robot/')) {
    if (named.length > 0 || options['all-projects'] === true)
      throw usage(
        'A robot named PROJECT/NAME has rights in that project.',
        'For several projects name it without a slash.',
      );
    return [{ project: text.slice(0, slash), role }];
  }
  if (options['all-projects'] === true) return [{ project: '*', role }];
  if (named.length === 0)
    throw usage(
      'In which projects?',
      'Name it PROJECT/NAME, or say --project (may be repeated) or --all-projects.',
    );
  return named.map((project) => ({ project, role }));
}

/** RFC 3339, as objects have it; null: for ever. */
export function expiryFrom(options: OptionValues): { readonly expiresAt?: string | null } {
  if (options.expires === 'never') return { expiresAt: null };
  const seconds = durationOf('expires', options.expires);
  if (seconds === undefined) return {};
  return { expiresAt: `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z` };
}

/** What options of `hub robot update` change. A role alone is for all projects that it has. Throws `usage`. */
export function robotPatch(
  options: OptionValues,
  before: RobotAccountSpec = {},
): SpecPatch<RobotAccountSpec> {
  const named = listOf(options.project);
  const isNew = named.length > 0 || options['all-projects'] === true;
  const permissions =
    isNew || options.role !== undefined
      ? isNew
        ? permissionsFrom('', options)
        : (before.permissions ?? []).map(({ project }) => ({ project, role: roleFrom(options.role) }))
      : undefined;
  return {
    ...(typeof options.description === 'string' ? { description: options.description } : {}),
    ...(permissions ? { permissions } : {}),
    ...expiryFrom(options),
    ...onOff(options),
  };
}

/** `--disable` and `--enable`. */
export function onOff(options: OptionValues): { readonly disabled?: boolean } {
  if (options.disable === true && options.enable === true)
    throw usage('Either --disable or --enable.', 'Leave one out.');
  return options.disable === true ? { disabled: true } : options.enable === true ? { disabled: false } : {};
}
