/** Why a container cannot be started: the reason that its status shows while it waits. */
export type StartReason =
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError'
  | 'CreatePodSandboxError'
  | 'FailedMount'
  | 'ErrImagePull'
  | 'ErrImageNeverPull'
  | 'ImageInspectError'
  | 'ImagePullBackOff'
  | 'InvalidImageName';

export class StartError extends Error {
  readonly reason: StartReason;

  constructor(reason: StartReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
    this.reason = reason;
  }
}
