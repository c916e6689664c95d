/** The history of a security or a wallet: the events that the program called itself with. Logs can be cut; these cannot. */
import { getBase58Encoder, type Address, type FixedSizeDecoder, type ReadonlyUint8Array, type Signature } from '@solana/kit';
import { EVENTS } from '../generated/events';
import { UPSIDE_PROGRAM_ADDRESS } from './addresses';
import { rpc } from './connection';

export type EventName = keyof typeof EVENTS;
type EventOf<N extends EventName> = ReturnType<ReturnType<(typeof EVENTS)[N]['decoder']>['decode']>;
export type ProgramEvent = { [N in EventName]: { name: N; event: EventOf<N> } }[EventName];
export type HistoryEntry = { signature: Signature; slot: bigint; happened: ProgramEvent };
export type HistoryPage = { entries: HistoryEntry[]; before: Signature | null };

/** What an event call starts with, before the event's own discriminator: `EVENT_IX_TAG`, little-endian. */
const TAG = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];
const PAGE = 20;
const base58 = getBase58Encoder();

const startsWith = (data: ReadonlyUint8Array, bytes: readonly number[], at: number) => bytes.every((byte, i) => data[at + i] === byte);

/** The event in the data of an inner instruction of the program; null if it is none that this build knows. */
export function decodeEvent(data: ReadonlyUint8Array): ProgramEvent | null {
    if (!startsWith(data, TAG, 0)) return null;
    for (const [name, { discriminator, decoder }] of Object.entries(EVENTS)) {
        if (!startsWith(data, discriminator, TAG.length)) continue;
        const event = (decoder() as unknown as FixedSizeDecoder<unknown>).decode(data.slice(TAG.length + discriminator.length));
        return { name, event } as ProgramEvent;
    }
    return null;
}

type Inner = readonly { instructions: readonly { programIdIndex: number; data: string }[] }[];

async function eventsOf(signature: Signature): Promise<ProgramEvent[]> {
    const answer = await rpc
        .getTransaction(signature, { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 })
        .send();
    if (!answer || answer.meta?.err) return [];
    const looked = answer.meta?.loadedAddresses;
    const keys = [...answer.transaction.message.accountKeys, ...(looked?.writable ?? []), ...(looked?.readonly ?? [])];
    const inner = (answer.meta?.innerInstructions ?? []) as unknown as Inner;
    return inner
        .flatMap((group) => group.instructions)
        .filter((call) => keys[call.programIdIndex] === UPSIDE_PROGRAM_ADDRESS)
        .flatMap((call) => decodeEvent(base58.encode(call.data)) ?? []);
}

/** A page of history, newest first; `before` of the answer asks for the next. `isWanted` leaves events out. */
export async function readHistory(
    address: Address,
    before: Signature | null,
    isWanted: (happened: ProgramEvent) => boolean,
): Promise<HistoryPage> {
    const signatures = await rpc
        .getSignaturesForAddress(address, { commitment: 'confirmed', limit: PAGE, ...(before ? { before } : {}) })
        .send();
    const landed = signatures.filter(({ err }) => err === null);
    const entries = await Promise.all(
        landed.map(async ({ signature, slot }) =>
            (await eventsOf(signature)).filter(isWanted).map((happened) => ({ signature, slot, happened })),
        ),
    );
    return { entries: entries.flat(), before: signatures.length === PAGE ? signatures.at(-1)!.signature : null };
}
