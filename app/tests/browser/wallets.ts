/**
 * Two Wallet Standard wallets for the page: one that only signs, one that signs and sends by itself. Their keys stay in this process, as a
 * real wallet's stay out of the page.
 */
import { readFileSync } from 'node:fs';
import {
    createKeyPairFromPrivateKeyBytes,
    createSolanaRpc,
    getAddressEncoder,
    getAddressFromPublicKey,
    getBase64EncodedWireTransaction,
    getBase58Encoder,
    getSignatureFromTransaction,
    getTransactionDecoder,
    getTransactionEncoder,
    partiallySignTransaction,
    type Address,
} from '@solana/kit';
import type { Page } from 'playwright-core';

export type Person = { name: string; address: Address; keys: CryptoKeyPair };

/** Somebody with a key that everybody can derive: worth nothing anywhere. */
export async function person(name: string): Promise<Person> {
    const seed = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`upside browser test: ${name}`));
    const keys = await createKeyPairFromPrivateKeyBytes(new Uint8Array(seed));
    return { name, address: await getAddressFromPublicKey(keys.publicKey), keys };
}

/** What a wallet does when it is asked to sign. */
export type Behaviour = 'sign' | 'decline' | 'locked';
export type Kind = 'signs' | 'sends';
export type WalletOptions = { kind: Kind; who: Person; rpc: string; chains?: string[] };
export type InjectedWallet = { behave: (behaviour: Behaviour) => void; asked: () => number };

const INJECTED = readFileSync(new URL('injected-wallet.js', import.meta.url), 'utf8');

async function sign(who: Person, bytes: number[]): Promise<Awaited<ReturnType<typeof partiallySignTransaction>>> {
    return partiallySignTransaction([who.keys], getTransactionDecoder().decode(Uint8Array.from(bytes)));
}

/** Puts a wallet into every page that `page` opens from now on. */
export async function injectWallet(page: Page, { kind, who, rpc, chains = ['solana:localnet'] }: WalletOptions): Promise<InjectedWallet> {
    let behaviour: Behaviour = 'sign';
    let asked = 0;
    const name = kind === 'signs' ? 'Test Signer' : 'Test Sender';
    const handle = `wallet_${kind}`;
    await page.exposeFunction(handle, async (bytes: number[]): Promise<{ error?: { code?: number; message: string }; bytes?: number[] }> => {
        asked += 1;
        if (behaviour === 'decline') return { error: { code: 4_001, message: 'User rejected the request.' } };
        if (behaviour === 'locked') return { error: { message: 'Wallet is locked' } };
        const signed = await sign(who, bytes);
        if (kind === 'signs') return { bytes: [...getTransactionEncoder().encode(signed)] };
        await createSolanaRpc(rpc)
            .sendTransaction(getBase64EncodedWireTransaction(signed), { encoding: 'base64', skipPreflight: true })
            .send();
        return { bytes: [...getBase58Encoder().encode(getSignatureFromTransaction(signed))] };
    });
    const options = { name, handle, kind, address: who.address, key: [...getAddressEncoder().encode(who.address)], chains };
    await page.addInitScript({ content: `(() => { ${INJECTED}\nannounceWallet(${JSON.stringify(options)}); })();` });
    return { behave: (next) => void (behaviour = next), asked: () => asked };
}
