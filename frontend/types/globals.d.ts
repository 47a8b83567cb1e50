/** What the frame and the panels share: the boot script leaves `load`, the panels add `mount`. */
declare var dialbench: {
  load(): Promise<void>;
  mount?(name: string, element: HTMLElement, handle: unknown): () => void;
};
