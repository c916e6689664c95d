/** Paying in, and backing. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { findPosition, findSecurity } from '../../chain/accounts';
import { securityOf } from '../../chain/addresses';
import { readBacking, type Asset } from '../../chain/backing';
import { readMint } from '../../chain/mints';
import { nameMint } from '../../chain/names';
import { streamAfter } from '../../chain/quotes';
import { readTokenAccounts, tokenAccountsOf } from '../../chain/token-accounts';
import { readNames, symbolIn } from '../../chain/names';
import { linkTo } from '../../router';
import { payoutProgramOf } from '../../transactions/plans/keys';
import { depositSharesPlan } from '../../transactions/plans/layers';
import { distributePlan } from '../../transactions/plans/upside';
import { depositPlan, openVaultPlan } from '../../transactions/plans/vault';
import { ActionForm } from '../../ui/action-form';
import { AddressField, AmountField, amountIn, Choice } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Empty, Loaded, Notice } from '../../ui/parts';
import { Amount, When } from '../../ui/text';
import type { ActionProps } from './page';
import { useBalance } from './use-own';

export function Distribute({ view, wallet }: ActionProps) {
    const { security, share, payout } = view;
    const now = useNow();
    const [text, setText] = useState('');
    const most = useBalance(wallet, security.payoutMint, payoutProgramOf(security));
    const { data: inbox } = useQuery(`inbox/${security.address}`, async () => (await readTokenAccounts([security.inbox]))[0]?.amount ?? 0n);
    const { atoms } = amountIn(text, security.payoutDecimals, most);
    const all = (atoms ?? 0n) + (inbox ?? 0n);
    const after = now !== undefined && all > 0n ? streamAfter(security, all, now) : null;
    return (
        <ActionForm build={all > 0n && (text === '' || atoms) ? () => distributePlan(wallet, security, share.symbol, atoms ?? 0n) : null}>
            <AmountField label="Amount" value={text} onChange={setText} decimals={security.payoutDecimals} symbol={payout.symbol} most={most} />
            {inbox !== undefined && inbox > 0n && (
                <p>
                    <Amount atoms={inbox} decimals={security.payoutDecimals} symbol={payout.symbol} /> that somebody sent to the security’s
                    inbox goes along.
                </p>
            )}
            {after && (
                <p>
                    All of it will have dripped by <When ts={after.endTs} now={now} />.
                </p>
            )}
            {security.registeredAtoms === 0n && <p>Nobody has registered shares now: the money waits until somebody has.</p>}
        </ActionForm>
    );
}

/** What a wallet can give of an asset: for shares of a security those that are registered. */
function useGivable(wallet: Address, { mint, layer }: Asset): bigint | undefined {
    const tokens = useBalance(wallet, layer ? null : mint!.address, mint!.tokenProgram);
    const shares = useQuery(layer ? `position/${layer.security.address}/${wallet}` : null, () => findPosition(layer!.security.address, wallet));
    if (!layer) return tokens;
    return shares.data === undefined ? undefined : (shares.data?.sharesAtoms ?? 0n);
}

function DepositForm({ view, wallet, assets }: ActionProps & { assets: readonly Asset[] }) {
    const { security, share } = view;
    const [chosen, setChosen] = useState<string>(assets[0]!.vault.assetMint);
    const [text, setText] = useState('');
    const asset = assets.find(({ vault }) => vault.assetMint === chosen) ?? assets[0]!;
    const mint = asset.mint!;
    const { symbol } = nameMint(mint);
    const most = useGivable(wallet, asset);
    const { atoms } = amountIn(text, mint.decimals, most);
    const build = (amount: bigint) => () =>
        asset.layer
            ? depositSharesPlan(wallet, { security, symbol: share.symbol, held: asset.layer.security, heldSymbol: symbol }, amount)
            : depositPlan(wallet, security, share.symbol, mint, symbol, amount);
    return (
        <ActionForm build={atoms ? build(atoms) : null}>
            <Choice
                label="Asset"
                value={chosen}
                options={assets.map((each) => ({
                    value: each.vault.assetMint as string,
                    label: `${nameMint(each.mint!).name}${each.layer ? ', registered shares' : ''}`,
                    hint: each.vault.assetMint,
                }))}
                onChange={setChosen}
            />
            <AmountField label="Amount" value={text} onChange={setText} decimals={mint.decimals} symbol={symbol} most={most} />
            <Notice tone="warning">Nobody can take a deposit back. It leaves only to holders who redeem.</Notice>
        </ActionForm>
    );
}

export function Deposit(props: ActionProps) {
    const { security } = props.view;
    const query = useQuery(`backing/${security.address}`, () => readBacking(security.address));
    return (
        <Loaded query={query} what="the vaults">
            {(backing) => {
                const assets = backing.filter(({ mint }) => mint !== null);
                if (assets.length > 0) return <DepositForm {...props} assets={assets} />;
                return (
                    <Empty>
                        No vault is open yet. {props.wallet === security.issuer ? <a href={linkTo('security', security.mint, 'open-vault')}>Open one</a> : 'The issuer can open one.'}
                    </Empty>
                );
            }}
        </Loaded>
    );
}

export function OpenVault({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const asset = text.trim();
    const owned = useQuery(`owned/${wallet}`, async () => {
        const mints = [...new Set((await tokenAccountsOf(wallet)).filter((account) => account.amount > 0n).map((account) => account.mint))];
        return { mints, names: await readNames(mints) };
    });
    const build = async () => {
        const mint = await readMint(asset as Address);
        // A mint of this program is the share of a security, which the vault then names.
        const held = await findSecurity(await securityOf(mint.address));
        return openVaultPlan(wallet, security, share.symbol, mint, nameMint(mint).symbol, held);
    };
    return (
        <ActionForm build={isAddress(asset) ? build : null}>
            <AddressField label="Mint of the asset" value={text} onChange={setText} />
            <Loaded query={owned} what="what you hold">
                {({ mints, names }) => (
                    <fieldset className="suggestions">
                        <legend>What you hold</legend>
                        {mints
                            .filter((mint) => mint !== security.mint)
                            .map((mint) => (
                                <button key={mint} type="button" className="small secondary" onClick={() => setText(mint)}>
                                    {symbolIn(names, mint)}
                                </button>
                            ))}
                    </fieldset>
                )}
            </Loaded>
        </ActionForm>
    );
}
