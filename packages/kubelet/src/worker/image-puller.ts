import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { StartError } from '../pods/start-error.ts';
import type { ContainerRuntime, ImageStatus, RegistryCredentials } from '../runtime/index.ts';
import { goMilliseconds, type PodEvent } from './pod-event.ts';
import { PulledImages } from './pulled-images.ts';

/** distribution/reference: a name with an optional tag and digest. */
const REFERENCE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?<tag>:[\w][\w.-]{0,127})?(?<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;

/** Names are at most so long, so that matching them stays cheap. */
const LONGEST_NAME = 1024;

/** Tells an event of the container. */
export type ImageTeller = (type: PodEvent['type'], reason: PodEvent['reason'], message: string) => void;

/** Has images fetched by the pull policy (kubelet image_manager.go); the same image for many pods only once. */
export class ImagePuller {
  readonly #runtime: ContainerRuntime;
  readonly #pulled: PulledImages;
  readonly #pulls = new Map<string, Promise<string>>();

  /** `pulled`: of all who fetch images on this machine. */
  constructor(runtime: ContainerRuntime, pulled: PulledImages = new PulledImages()) {
    this.#runtime = runtime;
    this.#pulled = pulled;
  }

  /** Returns the image when it is there, telling what it took. Throws StartError. */
  async ensure(
    container: k8s.Container,
    credentials: RegistryCredentials | undefined,
    tell: ImageTeller,
  ): Promise<ImageStatus> {
    const image = withTag(container.image ?? '');
    const policy = container.imagePullPolicy ?? (image.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    const present = await this.#inspect(image);
    const mayUse = present !== undefined && this.#pulled.mayUse(present.id, image, credentials);
    if (mayUse && policy !== 'Always') {
      tell('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
      return present;
    }
    if (policy === 'Never') {
      const lack = present ? 'may not be used by whoever has no credentials for it,' : 'is not present';
      const message = `Container image "${container.image}" ${lack} with pull policy of Never`;
      tell('Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message);
    }
    tell('Normal', 'Pulling', `Pulling image "${container.image}"`);
    const begun = performance.now();
    const pulled = await this.#fetch(image, present?.id, credentials);
    const took = goMilliseconds(performance.now() - begun);
    const size = `Image size: ${pulled.size} bytes.`;
    const message = `Successfully pulled image "${container.image}" in ${took} (${took} including waiting). ${size}`;
    tell('Normal', 'Pulled', message);
    return pulled;
  }

  async #inspect(image: string): Promise<ImageStatus | undefined> {
    try {
      return await this.#runtime.imageStatus(image);
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`;
      throw new StartError('ImageInspectError', message, error);
    }
  }

  /** `present`: what had the name before. */
  async #fetch(
    image: string,
    present: string | undefined,
    credentials: RegistryCredentials | undefined,
  ): Promise<ImageStatus> {
    const end = credentials ? this.#pulled.begin(image, present) : () => {};
    try {
      const pulled = await this.#inspect(await this.#pull(image, credentials));
      if (!pulled) throw new StartError('ErrImagePull', `image ${image} was pulled and is not there`);
      this.#pulled.done(pulled.id, image, credentials);
      return pulled;
    } finally {
      end();
    }
  }

  async #pull(image: string, credentials: RegistryCredentials | undefined): Promise<string> {
    const key = JSON.stringify([image, credentials]);
    const under = this.#pulls.get(key) ?? this.#runtime.pullImage(image, credentials);
    this.#pulls.set(key, under);
    try {
      return await under;
    } catch (error) {
      throw new StartError('ErrImagePull', messageOf(error), error);
    } finally {
      this.#pulls.delete(key);
    }
  }
}

/** A name without tag and digest means `latest`. Throws StartError. */
function withTag(image: string): string {
  const groups = image.length <= LONGEST_NAME ? REFERENCE.exec(image)?.groups : undefined;
  if (!groups) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    throw new StartError('InvalidImageName', message);
  }
  return groups.tag === undefined && groups.digest === undefined ? `${image}:latest` : image;
}
