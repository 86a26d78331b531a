/** Tests that run in one go: those of the first group whose pattern a name matches. */
export interface Group {
  readonly name: string;
  readonly tests: RegExp;
  /** One at a time: such tests change nodes or count everything that runs. */
  readonly serial: boolean;
}

export const GROUPS: readonly Group[] = [
  { name: 'serial', tests: /\[Serial\]|\[Disruptive\]/, serial: true },
  { name: 'parallel', tests: /./, serial: false },
];

export interface GroupOfTests extends Group {
  readonly names: readonly string[];
}

/** Parallel groups first: they find most. Groups without tests are left out. */
export function groupTests(names: readonly string[]): GroupOfTests[] {
  const groupOf = (name: string) => GROUPS.find(({ tests }) => tests.test(name));
  return GROUPS.map((group) => ({ ...group, names: names.filter((name) => groupOf(name) === group) }))
    .filter((group) => group.names.length > 0)
    .toReversed();
}
