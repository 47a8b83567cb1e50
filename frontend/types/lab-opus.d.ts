/** wasm-bindgen's glue: it stands beside the boot script only once the page is built. */
export default function start(): Promise<unknown>;
