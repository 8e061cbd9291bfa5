/** Bits of a block: 4 KiB. */
const BLOCK = 32_768;

/** A set of places in the log: a bit each where they lie close together, as those of a deny-list do. */
export class SeqSet {
  private readonly blocks = new Map<number, Uint8Array>();

  add(seq: number): void {
    const at = Math.floor(seq / BLOCK);
    let block = this.blocks.get(at);
    if (!block) this.blocks.set(at, (block = new Uint8Array(BLOCK / 8)));
    const bit = seq % BLOCK;
    block[bit >> 3]! |= 1 << (bit & 7);
  }

  has(seq: number): boolean {
    const bit = seq % BLOCK;
    const block = this.blocks.get(Math.floor(seq / BLOCK));
    return block !== undefined && (block[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }
}
