import type * as k8s from '../../generated/types.ts';
import { duplicate, forbidden, invalid, required } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-quote.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { quantity } from '../shared.ts';
import { checkDNS1123Label } from './checks.ts';
import { validateClaimTemplate } from './claim-template.ts';
import type { Errors, PodContext } from './types.ts';
import { validateConfigMapSource, validateDownwardAPISource, validateSecretSource } from './volume-items.ts';
import * as plugin from './volume-plugins.ts';
import { validateProjectedSource } from './volume-projected.ts';

type Source = Omit<k8s.Volume, 'name'>;
type Validator<T> = (
  source: T,
  path: string,
  errors: Errors,
  context: PodContext,
  volumeName: string,
) => void;

interface SourceRule<K extends keyof Source = keyof Source> {
  readonly field: K;
  readonly validate: Validator<NonNullable<Source[K]>>;
  /** The path of inner errors, when upstream's differs from the field. */
  readonly inner?: string;
  /** The path of "more than one type", when upstream's differs from the field. */
  readonly outer?: string;
}

/** Erases the type of one row so that rows of all sources share a table. */
function row<K extends keyof Source>(rule: SourceRule<K>): SourceRule {
  return rule as unknown as SourceRule;
}

/** Every volume source in upstream's order (validateVolumeSource); a volume has exactly one. */
const SOURCES: readonly SourceRule[] = [
  row({ field: 'emptyDir', validate: validateEmptyDir }),
  row({ field: 'hostPath', validate: plugin.validateHostPath }),
  row({ field: 'gitRepo', validate: plugin.validateGitRepo }),
  row({ field: 'gcePersistentDisk', inner: 'persistentDisk', validate: plugin.validateGCEPersistentDisk }),
  row({ field: 'awsElasticBlockStore', validate: plugin.validateAWSElasticBlockStore }),
  row({ field: 'secret', validate: validateSecretSource }),
  row({ field: 'nfs', validate: plugin.validateNFS }),
  row({ field: 'iscsi', validate: plugin.validateISCSI }),
  row({ field: 'glusterfs', validate: plugin.validateGlusterfs }),
  row({ field: 'flocker', validate: plugin.validateFlocker }),
  row({ field: 'persistentVolumeClaim', validate: plugin.validateClaimReference }),
  row({ field: 'rbd', validate: plugin.validateRBD }),
  row({ field: 'cinder', validate: plugin.validateCinder }),
  row({ field: 'cephfs', outer: 'cephFS', validate: plugin.validateCephFS }),
  row({ field: 'quobyte', validate: plugin.validateQuobyte }),
  row({ field: 'downwardAPI', outer: 'downwarAPI', validate: validateDownwardAPISource }),
  row({ field: 'fc', validate: plugin.validateFC }),
  row({ field: 'flexVolume', validate: plugin.validateFlexVolume }),
  row({ field: 'configMap', validate: validateConfigMapSource }),
  row({ field: 'azureFile', validate: plugin.validateAzureFile }),
  row({ field: 'vsphereVolume', validate: plugin.validateVsphere }),
  row({ field: 'photonPersistentDisk', validate: plugin.validatePhoton }),
  row({ field: 'portworxVolume', validate: plugin.validatePortworx }),
  row({ field: 'azureDisk', validate: plugin.validateAzureDisk }),
  row({ field: 'storageos', validate: plugin.validateStorageOS }),
  row({ field: 'projected', validate: validateProjectedSource }),
  row({ field: 'scaleIO', validate: plugin.validateScaleIO }),
  row({ field: 'csi', validate: plugin.validateCSI }),
  row({ field: 'ephemeral', validate: validateEphemeral }),
  row({ field: 'image', validate: plugin.validateImageVolume }),
];

/** The names of all volume sources. */
export const VOLUME_SOURCE_FIELDS: readonly (keyof Source)[] = SOURCES.map((rule) => rule.field);

/** ValidateVolumes: answers the valid volumes by name, for the mounts to refer to. */
export function validateVolumes(
  volumes: readonly k8s.Volume[] | undefined,
  path: string,
  context: PodContext,
  errors: Errors,
): ReadonlyMap<string, k8s.Volume> {
  const valid = new Map<string, k8s.Volume>();
  if (volumes === undefined || volumes === null) return valid;
  const created = createdClaims(volumes, context);
  volumes.forEach((volume, i) => {
    const at = `${path}[${i}]`;
    const before = errors.length;
    const name = volume.name ?? '';
    validateSource(volume, at, context, errors);
    if (name === '') errors.push(required(`${at}.name`));
    else checkDNS1123Label(errors, `${at}.name`, name);
    if (valid.has(name)) errors.push(duplicate(`${at}.name`, name));
    if (errors.length === before) valid.set(name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, detail));
    }
  });
  return valid;
}

/** The claims that will be made for the pod's ephemeral volumes. */
function createdClaims(volumes: readonly k8s.Volume[], context: PodContext): ReadonlySet<string> {
  const pod = context.meta?.name;
  if (!pod) return new Set();
  return new Set(volumes.filter((v) => v.ephemeral !== undefined).map((v) => `${pod}-${v.name}`));
}

function validateSource(volume: k8s.Volume, path: string, context: PodContext, errors: Errors): void {
  let found = false;
  for (const rule of SOURCES) {
    const source = volume[rule.field];
    if (source === undefined || source === null) continue;
    if (found) {
      errors.push(
        forbidden(`${path}.${rule.outer ?? rule.field}`, 'may not specify more than 1 volume type'),
      );
    } else {
      found = true;
      rule.validate(
        source as never,
        `${path}.${rule.inner ?? rule.field}`,
        errors,
        context,
        volume.name ?? '',
      );
    }
    if (rule.field === 'iscsi') checkPortalLength(volume, path, errors);
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
}

function checkPortalLength(volume: k8s.Volume, path: string, errors: Errors): void {
  if (volume.iscsi?.initiatorName === undefined) return;
  if (`${volume.name}:${volume.iscsi.targetPortal}`.length <= 64) return;
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  errors.push(invalid(`${path}.name`, volume.name ?? '', detail));
}

function validateEmptyDir(source: k8s.EmptyDirVolumeSource, path: string, errors: Errors): void {
  if (source.sizeLimit !== undefined && quantity(source.sizeLimit).sign() < 0) {
    errors.push(forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  }
}

function validateEphemeral(
  source: k8s.EphemeralVolumeSource,
  path: string,
  errors: Errors,
  context: PodContext,
  volumeName: string,
): void {
  if (source.volumeClaimTemplate === undefined) errors.push(required(`${path}.volumeClaimTemplate`));
  else validateClaimTemplate(source.volumeClaimTemplate, `${path}.volumeClaimTemplate`, errors);
  const pod = context.meta?.name;
  if (!pod || volumeName === '') return;
  const claim = `${pod}-${volumeName}`;
  const volume = path.slice(0, -'.ephemeral'.length);
  for (const message of isDNS1123Subdomain(claim)) {
    errors.push(invalid(`${volume}.name`, volumeName, `PVC name ${goQuote(claim)}: ${message}`));
  }
}
