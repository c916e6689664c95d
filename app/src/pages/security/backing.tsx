/** What backs the shares: each vault with what it holds, what a share stands for, and what its issuer can do to it. */
import { formatAmount } from '../../amounts';
import { readBacking, type Asset } from '../../chain/backing';
import { multiplierAt } from '../../chain/mints';
import { nameMint } from '../../chain/names';
import { backing } from '../../chain/quotes';
import type { View } from '../../chain/view';
import { shortAddress } from '../../display';
import { linkTo } from '../../router';
import { Powers } from '../../ui/confirm/effects';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Facts, Loaded } from '../../ui/parts';
import { AddressText, Amount } from '../../ui/text';

function AssetCard({ asset, view, now }: { asset: Asset; view: View; now: bigint | undefined }) {
    const { security, share } = view;
    const { vault, mint, balance, layer } = asset;
    const named = mint && nameMint(mint);
    const symbol = named?.symbol ?? shortAddress(vault.assetMint);
    const multiplier = mint && now !== undefined ? multiplierAt(mint, now) : 1;
    const one = 10n ** BigInt(security.decimals);
    const part = backing(security, vault, share.mint.supply, balance, one);
    return (
        <article className="asset">
            <h3>
                {layer ? (
                    <a href={linkTo('security', vault.assetMint)}>
                        <bdi>{named?.name ?? symbol}</bdi>
                    </a>
                ) : (
                    <bdi>{named?.name ?? symbol}</bdi>
                )}
            </h3>
            <Facts
                items={[
                    ['In the vault', <Amount key="balance" atoms={balance} decimals={vault.decimals} symbol={symbol} multiplier={multiplier} />],
                    [
                        `1 ${share.symbol} redeems for`,
                        <Amount key="part" atoms={part} decimals={vault.decimals} symbol={symbol} multiplier={multiplier} />,
                    ],
                    ['Mint', <AddressText key="mint" address={vault.assetMint} />],
                    ['Vault account', <AddressText key="account" address={vault.tokenAccount} />],
                ]}
            />
            {asset.frozen && <p className="problem">Its issuer has frozen the vault’s account: it cannot move until it is thawed.</p>}
            <details className="powers">
                <summary>What can happen to it</summary>
                {mint ? (
                    <ul>
                        <Powers mint={mint} />
                    </ul>
                ) : (
                    <p>Its mint cannot be read.</p>
                )}
            </details>
        </article>
    );
}

export default function Backing({ view }: { view: View }) {
    const { security, share } = view;
    const now = useNow();
    const query = useQuery(`backing/${security.address}`, () => readBacking(security.address));
    return (
        <Card title="Backing">
            <Loaded query={query} what="the vaults">
                {(assets) =>
                    assets.length === 0 ? (
                        <Empty>No vault is open yet. What enters one can only leave to holders who redeem.</Empty>
                    ) : (
                        <>
                            <p>
                                Nobody can take this out but holders who redeem. A share stands for its part of all{' '}
                                {formatAmount(security.authorisedAtoms, security.decimals)} <bdi>{share.symbol}</bdi> that can exist.
                            </p>
                            <div className="assets">
                                {assets.map((asset) => (
                                    <AssetCard key={asset.vault.address} asset={asset} view={view} now={now} />
                                ))}
                            </div>
                        </>
                    )
                }
            </Loaded>
        </Card>
    );
}
