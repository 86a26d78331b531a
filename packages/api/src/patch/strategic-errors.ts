import { goType, goValue } from './go-format.ts';
import { patchErrors } from './patch-error.ts';

/** apimachinery pkg/util/mergepatch/errors.go */
export const strategicErrors = {
  noMergeKey: (map: unknown, key: string) =>
    patchErrors.contradictory(`map: ${goValue(map)} does not contain declared merge key: ${key}`),
  badType: (expected: 'map[string]interface {}' | '[]interface {}', actual: unknown) =>
    patchErrors.contradictory(`expected a ${expected}, but received a ${goType(actual)}`),
  badDirective: (directive: unknown, map: unknown) =>
    patchErrors.contradictory(`unknown patch type: ${goValue(directive)} in map: ${goValue(map)}`),
  badPrimitiveList: () => patchErrors.undecodable('invalid patch format of primitive list'),
  badRetainKeys: () => patchErrors.undecodable('invalid patch format of retainKeys'),
  badSetElementOrder: () => patchErrors.undecodable('invalid patch format of setElementOrder list'),
  listOfLists: () => patchErrors.rejected(),
  other: (message: string) => patchErrors.contradictory(message),
};
