import { guarded } from "../../../../support/guarded.ts";

/** Something that calls back whenever it has changed. */
export interface Observable {
  onChange: () => void;
}

/** Waits until `done` is true, looking again at every change. */
export function waitFor(subject: Observable, done: () => boolean): Promise<void> {
  const happens = new Promise<void>((resolve) => {
    const look = () => {
      if (!done()) return;
      subject.onChange = () => {};
      resolve();
    };
    subject.onChange = look;
    look();
  });
  return guarded("a change of an ICE session", happens);
}
