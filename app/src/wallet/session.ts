/** The wallet that is connected, and its account. */
import { isAddress, type Address } from '@solana/kit';
import { createStore } from '../chain/store';
import { wallets, type Wallet, type WalletAccount } from './standard';

export type Session = { wallet: Wallet; account: WalletAccount; address: Address };
export const session = createStore<Session | null>(null);

const REMEMBERED = 'upside.wallet';
let unfollow: (() => void) | null = null;

function use(wallet: Wallet, accounts: readonly WalletAccount[]): void {
    const account = accounts.find(({ address, chains }) => isAddress(address) && chains.some((chain) => chain.startsWith('solana:')));
    session.set(account ? { wallet, account, address: account.address as Address } : null);
}

/** Asks a wallet to connect. `silent` asks only if the user has allowed it before. */
export async function connect(wallet: Wallet, silent = false): Promise<void> {
    const { accounts } = await wallet.features['standard:connect']!.connect(silent ? { silent } : undefined);
    unfollow?.();
    // The user may choose another account, or revoke, in the wallet itself.
    unfollow =
        wallet.features['standard:events']?.on('change', ({ accounts: changed }) => {
            if (changed) use(wallet, changed);
        }) ?? null;
    use(wallet, accounts);
    if (session.get()) localStorage.setItem(REMEMBERED, wallet.name);
    else if (!silent) throw new Error(`${wallet.name} has no Solana account to connect.`);
}

export async function disconnect(): Promise<void> {
    const current = session.get();
    unfollow?.();
    unfollow = null;
    localStorage.removeItem(REMEMBERED);
    session.set(null);
    await current?.wallet.features['standard:disconnect']?.disconnect().catch(() => undefined);
}

/** Connects again to the wallet of last time as soon as it shows up, without asking. */
export function resumeSession(): void {
    const name = localStorage.getItem(REMEMBERED);
    if (name === null) return;
    const attempt = () => {
        const wallet = wallets.get().find((candidate) => candidate.name === name);
        if (!wallet || session.get()) return;
        stop();
        void connect(wallet, true).catch(() => undefined);
    };
    const stop = wallets.subscribe(attempt);
    attempt();
}
