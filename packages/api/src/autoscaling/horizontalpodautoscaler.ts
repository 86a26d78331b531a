import { hpaColumns } from '../columns/autoscaling.ts';
import type { KindRules } from '../kinds/resource.ts';
import { hpaV1Storage } from '../kinds/storage-hpa.ts';
import type { KubeObject } from '../meta/object.ts';
import { setHpaV1Defaults, setHpaV2Defaults } from './defaults.ts';
import { hpaErrors, hpaStatusErrors } from './validation.ts';

/** Rules of one version; `toV2` brings an object into the form that validation reads. */
function rules(
  setDefaults: (object: KubeObject) => void,
  toV2: (object: KubeObject) => KubeObject,
  newStatus: Readonly<Record<string, unknown>>,
): KindRules {
  return {
    setDefaults,
    prepareForCreate(autoscaler) {
      autoscaler.status = { ...newStatus };
    },
    prepareForUpdate(autoscaler, old) {
      autoscaler.status = old.status;
    },
    validate: (autoscaler) => hpaErrors(toV2(autoscaler)),
    validateUpdate: (autoscaler, old) => hpaErrors(toV2(autoscaler), toV2(old)),
    status: {
      prepareForUpdate(autoscaler, old) {
        autoscaler.spec = old.spec;
      },
      validateUpdate: hpaStatusErrors,
    },
    generation: false,
  };
}

export const hpaV1Rules: KindRules = {
  ...rules(setHpaV1Defaults, hpaV1Storage.toStorage, { currentReplicas: 0, desiredReplicas: 0 }),
  columns: hpaColumns(hpaV1Storage.toStorage),
};
export const hpaV2Rules = rules(setHpaV2Defaults, (object) => object, {
  desiredReplicas: 0,
  currentMetrics: null,
});
