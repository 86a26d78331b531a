/** At which step of upstream's a volume failed; events name it. */
export type MountStep = 'SetUp' | 'initialize' | 'process' | 'map';

/** A volume cannot be made ready. The message says why, as upstream's. */
export class MountFailure extends Error {
  readonly step: MountStep;
  /** Of the persistent volume, when it is known. */
  readonly volume: string | undefined;

  constructor(message: string, step: MountStep = 'SetUp', volume?: string) {
    super(message);
    this.name = 'MountFailure';
    this.step = step;
    this.volume = volume;
  }
}

/** What the event says (kubelet volumemanager, operation_generator.go). `name`: in the pod. */
export function failureText(name: string, error: Error): string {
  const { step, volume = name } =
    error instanceof MountFailure ? error : { step: 'SetUp' as const, volume: name };
  const quoted = `"${volume}" : ${error.message}`;
  switch (step) {
    case 'SetUp':
      return `MountVolume.SetUp failed for volume ${quoted}`;
    case 'initialize':
      return `MountVolume.NewMounter initialization failed for volume ${quoted}`;
    case 'map':
      return `MapVolume.MapBlockVolume failed for volume ${quoted}`;
    case 'process':
      return `Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]: ${error.message}`;
  }
}
