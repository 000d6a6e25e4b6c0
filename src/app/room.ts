/** Rooms that can be switched off: rows of the table of components whose code is loaded when it is first needed. */
import type { ClientKind } from "../admin/clients/mod.ts";
import type { Conf } from "../conf/mod.ts";
import type { Component, Running } from "./lifecycle.ts";
import type { Services } from "./services.ts";

/** A row that is not loaded before it is needed. */
export interface Room extends Omit<Component<Services>, "start"> {
  readonly isOn: (conf: Conf) => boolean;
  /** The lists it shows while it runs. */
  readonly shows?: readonly ClientKind[];
  /** The `import` is written there with its path as a literal, so that executables contain the file. */
  readonly load: () => Promise<(services: Services) => Promise<Running> | Running>;
}

/** Its row of the table. */
export function room({ isOn, shows = [], load, ...row }: Room): Component<Services> {
  return {
    ...row,
    start: async (services) => {
      services.show(Object.fromEntries(shows.map((kind) => [kind, undefined])));
      if (!isOn(services.conf)) return undefined;
      const start = await load();
      return await start(services);
    },
  };
}
