export { LocalProvisioner, type LocalProvisionerOptions } from './local-provisioner.ts';
export { detachLocalVolumes, LocalVolumes } from './local-volumes.ts';
