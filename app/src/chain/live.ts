/**
 * What makes the page live: a websocket that says when a transaction touched an address, and a slow poll in case it does not.
 * Either only says "read again"; what is shown always comes from a read.
 */
import type { Address } from '@solana/kit';
import { ENDPOINT, health } from './connection';
import { websocketOf } from './endpoint';
import { createStore } from './store';

const POLL_MILLISECONDS = 20_000;
const QUIET_MILLISECONDS = 250;
const RECONNECT_MILLISECONDS = 5_000;

/** Counts up whenever what was read may be old. */
export const version = createStore(0);
let pending: ReturnType<typeof setTimeout> | null = null;

/** Everything shown is read again soon; several calls close together count once. */
export function refresh(): void {
    if (pending !== null) return;
    pending = setTimeout(() => {
        pending = null;
        version.set(version.get() + 1);
    }, QUIET_MILLISECONDS);
}

setInterval(() => {
    if (document.visibilityState === 'visible' && health.get().answers) refresh();
}, POLL_MILLISECONDS);
document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') refresh();
});
let answeredBefore = true;
health.subscribe(() => {
    const { answers } = health.get();
    if (answers && !answeredBefore) refresh();
    answeredBefore = answers;
});

/** Reads again whenever a transaction that mentions `address` is confirmed, until the returned function is called. */
export function follow(address: Address): () => void {
    const stop = new AbortController();
    const listen = async () => {
        // Loaded when the first page follows something: the page shows without it.
        const { createSolanaRpcSubscriptions } = await import('./subscriptions');
        const subscriptions = createSolanaRpcSubscriptions(websocketOf(ENDPOINT));
        const notifications = await subscriptions
            .logsNotifications({ mentions: [address] }, { commitment: 'confirmed' })
            .subscribe({ abortSignal: stop.signal });
        for await (const _ of notifications) refresh();
    };
    const keepListening = async () => {
        while (!stop.signal.aborted) {
            // Without a websocket the poll is enough.
            await listen().catch(() => undefined);
            if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MILLISECONDS));
        }
    };
    void keepListening();
    return () => stop.abort();
}
