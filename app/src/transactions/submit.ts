/** Signing and sending: by a wallet that signs, or one that signs and sends; then watched until finalized or expired. */
import {
    getBase64Decoder,
    getBase58Decoder,
    getTransactionDecoder,
    type Address,
    type Base64EncodedWireTransaction,
    type Instruction,
    type Signature,
} from '@solana/kit';
import { rpc } from '../chain/connection';
import { chainOf, type Cluster } from '../chain/cluster';
import type { Session } from '../wallet/session';
import { ofTransactionError } from './failure';
import { ofWallet, type Failure } from './trouble';
import { wireBytes, type Budget, type Lifetime } from './message';

export type Progress =
    | { phase: 'signing' }
    | { phase: 'sent'; signature: Signature; sends: number }
    | { phase: 'confirmed'; signature: Signature }
    | { phase: 'finalized'; signature: Signature }
    | { phase: 'expired'; signature: Signature }
    | { phase: 'failed'; failure: Failure; signature?: Signature };

const ASK_EVERY = 500;
const RESEND_EVERY = 2_000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const base64 = getBase64Decoder();
const base58 = getBase58Decoder();

/** What is on its way: the bytes to send again, if the wallet gave them back. */
type Sent = { signature: Signature; wire: Base64EncodedWireTransaction | null };

async function sign(session: Session, transaction: Uint8Array, cluster: Cluster): Promise<Sent> {
    const { wallet, account } = session;
    const chain = chainOf(cluster);
    const signer = wallet.features['solana:signTransaction'];
    if (signer) {
        const [answer] = await signer.signTransaction({ account, transaction, chain });
        if (!answer) throw new Error('the wallet answered with nothing');
        const decoded = getTransactionDecoder().decode(answer.signedTransaction);
        const signature = decoded.signatures[session.address];
        if (!signature || signature.every((byte) => byte === 0)) throw new Error('the wallet returned a transaction without its signature');
        return {
            signature: base58.decode(signature) as Signature,
            wire: base64.decode(answer.signedTransaction) as Base64EncodedWireTransaction,
        };
    }
    const [answer] = await wallet.features['solana:signAndSendTransaction']!.signAndSendTransaction({ account, transaction, chain });
    if (!answer) throw new Error('the wallet answered with nothing');
    return { signature: base58.decode(answer.signature) as Signature, wire: null };
}

type Status = { landed: 'no' | 'confirmed' | 'finalized'; err: unknown };

async function statusOf(signature: Signature, search: boolean): Promise<Status> {
    const answer = await rpc.getSignatureStatuses([signature], { searchTransactionHistory: search }).send();
    const status = answer.value[0];
    const level = status?.confirmationStatus;
    if (level !== 'confirmed' && level !== 'finalized') return { landed: 'no', err: null };
    return { landed: level, err: status?.err ?? null };
}

/** Sends the same bytes until they land or can no longer land. A server that fails for a while is asked again; nothing is signed again. */
async function* watch(sent: Sent, lifetime: Lifetime): AsyncGenerator<Progress> {
    const { signature, wire } = sent;
    let lastSent = -RESEND_EVERY;
    let sends = 0;
    let confirmed = false;
    for (;;) {
        try {
            if (wire && !confirmed && performance.now() - lastSent >= RESEND_EVERY) {
                lastSent = performance.now();
                await rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0n }).send();
                sends += 1;
                yield { phase: 'sent', signature, sends };
            }
            const status = await statusOf(signature, false);
            if (status.err !== null) {
                yield { phase: 'failed', signature, failure: ofTransactionError(status.err) };
                return;
            }
            if (status.landed === 'finalized') {
                yield { phase: 'finalized', signature };
                return;
            }
            if (status.landed === 'confirmed' && !confirmed) {
                confirmed = true;
                yield { phase: 'confirmed', signature };
            }
            if (!confirmed && (await rpc.getBlockHeight({ commitment: 'confirmed' }).send()) > lifetime.lastValidBlockHeight) {
                // It may have landed between the two questions.
                if ((await statusOf(signature, true)).landed === 'no') {
                    yield { phase: 'expired', signature };
                    return;
                }
            }
        } catch {
            // The banner says that the server does not answer; what is on its way is watched as soon as it does.
        }
        await sleep(ASK_EVERY);
    }
}

/** Lets the wallet sign, sends, and tells how it goes until it is finalized, has failed or has expired. */
export async function* submit(
    session: Session,
    cluster: Cluster,
    instructions: readonly Instruction[],
    budget: Budget,
    lifetime: Lifetime,
): AsyncGenerator<Progress> {
    const payer: Address = session.address;
    yield { phase: 'signing' };
    let sent: Sent;
    try {
        sent = await sign(session, wireBytes(payer, instructions, budget, lifetime), cluster);
    } catch (error) {
        yield { phase: 'failed', failure: ofWallet(error, session.wallet.name) };
        return;
    }
    yield { phase: 'sent', signature: sent.signature, sends: 0 };
    yield* watch(sent, lifetime);
}
