/** Something that calls back whenever it has changed. */
export interface Observable {
  onChange: () => void;
}

/** Waits until `done` is true, looking again at every change. */
export function waitFor(subject: Observable, done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!done()) return;
      subject.onChange = () => {};
      resolve();
    };
    subject.onChange = look;
    look();
  });
}
