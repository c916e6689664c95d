/**
 * Wallet Standard, as far as the page needs it: how wallets make themselves known, and what they can do. No kit in between; the shapes are
 * those of @wallet-standard and @solana/wallet-standard-features.
 */
import { createStore } from '../chain/store';

export type Chain = `solana:${string}`;
export type WalletAccount = Readonly<{
    address: string;
    publicKey: Uint8Array;
    chains: readonly string[];
    features: readonly string[];
    label?: string;
}>;

type Connect = { connect: (input?: { silent?: boolean }) => Promise<{ accounts: readonly WalletAccount[] }> };
type Disconnect = { disconnect: () => Promise<void> };
type Events = { on: (event: 'change', listener: (change: { accounts?: readonly WalletAccount[] }) => void) => () => void };
type SignTransaction = {
    signTransaction: (...inputs: { account: WalletAccount; transaction: Uint8Array; chain?: Chain }[]) => Promise<
        readonly { signedTransaction: Uint8Array }[]
    >;
};
type SignAndSend = {
    signAndSendTransaction: (
        ...inputs: { account: WalletAccount; transaction: Uint8Array; chain: Chain; options?: { skipPreflight?: boolean } }[]
    ) => Promise<readonly { signature: Uint8Array }[]>;
};

type Features = {
    'standard:connect'?: Connect;
    'standard:disconnect'?: Disconnect;
    'standard:events'?: Events;
    'solana:signTransaction'?: SignTransaction;
    'solana:signAndSendTransaction'?: SignAndSend;
};
export type Wallet = Readonly<{
    version: string;
    name: string;
    icon: string;
    chains: readonly string[];
    features: Features;
    accounts: readonly WalletAccount[];
}>;

/** Whether the page can work with a wallet: it must connect, be of Solana, and sign in one of the two ways. */
const isUsable = (wallet: Wallet): boolean =>
    wallet.features['standard:connect'] !== undefined &&
    wallet.chains.some((chain) => chain.startsWith('solana:')) &&
    (wallet.features['solana:signTransaction'] !== undefined || wallet.features['solana:signAndSendTransaction'] !== undefined);

/** Wallets that have made themselves known. */
export const wallets = createStore<readonly Wallet[]>([]);

function register(...found: Wallet[]): () => void {
    const fresh = found.filter((wallet) => isUsable(wallet) && !wallets.get().includes(wallet));
    if (fresh.length > 0) wallets.set([...wallets.get(), ...fresh]);
    return () => wallets.set(wallets.get().filter((wallet) => !fresh.includes(wallet)));
}

type Registration = (api: { register: typeof register }) => void;

/** Meets the wallets: those that are there answer the first event, those that come later send the second. */
export function meetWallets(): void {
    window.addEventListener('wallet-standard:register-wallet', (event) => {
        (event as CustomEvent<Registration>).detail({ register });
    });
    window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: { register } }));
}
