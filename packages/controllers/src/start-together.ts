import type { Controller, ControllerContext } from './controller.ts';
import type { SharedInformers } from './workloads/shared-informers.ts';

export type Start = (context: ControllerContext, informers: SharedInformers) => Controller;

/** Several controllers as one. */
export function together(...starters: readonly Start[]): Start {
  return (context, informers) => {
    const controllers = starters.map((start) => start(context, informers));
    return {
      synced: Promise.all(controllers.map(({ synced }) => synced)),
      settled: () => Promise.all(controllers.map((controller) => controller.settled?.())),
      async stop() {
        await Promise.all(controllers.map((controller) => controller.stop()));
      },
    };
  };
}
