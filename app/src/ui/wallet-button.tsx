/** Connecting a wallet, and what is connected. */
import { useId, useRef, useState } from 'react';
import { shortAddress, visible } from '../display';
import { ofWallet } from '../transactions/trouble';
import { connect, disconnect, session } from '../wallet/session';
import { wallets, type Wallet } from '../wallet/standard';
import { useStore } from './hooks';
import { AddressText } from './text';

/** Icons of wallets are images inside the page; anything else is not loaded. */
const iconOf = (wallet: Wallet) => (/^data:image\/(?:png|jpeg|webp|gif|svg\+xml)/.test(wallet.icon) ? wallet.icon : null);

function WalletList({ onDone }: { onDone: () => void }) {
    const found = useStore(wallets);
    const [problem, setProblem] = useState<string | null>(null);
    const choose = async (wallet: Wallet) => {
        setProblem(null);
        try {
            await connect(wallet);
            onDone();
        } catch (error) {
            const { sentence, remedy } = ofWallet(error, wallet.name);
            setProblem(`${sentence} ${remedy ?? ''}`);
        }
    };
    if (found.length === 0) {
        return (
            <p>
                No wallet was found in this browser. Install one that follows the Wallet Standard, for example Phantom, Solflare or
                Backpack, and load this page again.
            </p>
        );
    }
    return (
        <>
            <ul className="wallets">
                {found.map((wallet) => (
                    <li key={wallet.name}>
                        <button type="button" onClick={() => void choose(wallet)}>
                            {iconOf(wallet) && <img src={iconOf(wallet)!} alt="" width="24" height="24" />}
                            {visible(wallet.name, 32)}
                        </button>
                    </li>
                ))}
            </ul>
            <p role="alert" className="problem">
                {problem}
            </p>
        </>
    );
}

export function WalletButton() {
    const current = useStore(session);
    const dialog = useRef<HTMLDialogElement>(null);
    const [open, setOpen] = useState(false);
    const title = useId();
    const show = () => {
        setOpen(true);
        dialog.current?.showModal();
    };
    const hide = () => {
        dialog.current?.close();
        setOpen(false);
    };
    return (
        <div className="wallet">
            <button type="button" className={current ? 'secondary' : 'primary'} onClick={show}>
                {current ? shortAddress(current.address) : 'Connect wallet'}
            </button>
            <dialog ref={dialog} aria-labelledby={title} onClose={() => setOpen(false)}>
                <h2 id={title}>{current ? `Connected with ${visible(current.wallet.name, 32)}` : 'Connect a wallet'}</h2>
                {open && current && (
                    <>
                        <p>
                            <AddressText address={current.address} whole />
                        </p>
                        <button type="button" className="secondary" onClick={() => void disconnect().then(hide)}>
                            Disconnect
                        </button>
                    </>
                )}
                {open && !current && <WalletList onDone={hide} />}
                <div className="buttons">
                    <button type="button" className="secondary" onClick={hide}>
                        Close
                    </button>
                </div>
            </dialog>
        </div>
    );
}
