/** The one connection to the chosen RPC server: requests, and whether the server answers. */
import {
    createDefaultRpcTransport,
    createSolanaRpcFromTransport,
    isSolanaError,
    SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
    type Rpc,
    type RpcTransport,
    type SolanaRpcApi,
} from '@solana/kit';
import { storedEndpoint } from './endpoint';
import { createStore } from './store';

export const ENDPOINT = storedEndpoint();
export const HOST = new URL(ENDPOINT).host;

/** Whether the server answers; `since` is when it stopped (milliseconds of this machine's clock). */
export type Health = { answers: boolean; since: number | null };
export const health = createStore<Health>({ answers: true, since: null });

const RETRY_MILLISECONDS = 2_000;
const TIMEOUT_MILLISECONDS = 20_000;
let recovering = false;

function answered(): void {
    if (!health.get().answers) health.set({ answers: true, since: null });
}

function failed(): void {
    if (health.get().answers) health.set({ answers: false, since: Date.now() });
    if (recovering) return;
    recovering = true;
    const ask = async () => {
        try {
            await rpc.getSlot().send();
            recovering = false;
        } catch {
            setTimeout(() => void ask(), RETRY_MILLISECONDS);
        }
    };
    setTimeout(() => void ask(), RETRY_MILLISECONDS);
}

const inner = createDefaultRpcTransport({ url: ENDPOINT });

/** An answer that says no is an answer; only silence, and a server that is not one, count as down. */
const transport = (async (config) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const signal = config.signal ? AbortSignal.any([config.signal, timeout]) : timeout;
    try {
        const answer = await inner({ ...config, signal });
        answered();
        return answer;
    } catch (error) {
        if (!config.signal?.aborted) {
            const refusal = isSolanaError(error, SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR) && error.context.statusCode < 500;
            if (refusal) answered();
            else failed();
        }
        throw error;
    }
}) as RpcTransport;

export const rpc: Rpc<SolanaRpcApi> = createSolanaRpcFromTransport(transport) as Rpc<SolanaRpcApi>;
