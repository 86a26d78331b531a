import type { KindRules } from '../kinds/resource.ts';
import { notSupported, required } from '../meta/field-error.ts';

export const bindingRules: KindRules = {
  validate(binding) {
    const kind: string = binding.target?.kind ?? '';
    return [
      ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
      ...(binding.target?.name ? [] : [required('target.name')]),
    ];
  },
};
