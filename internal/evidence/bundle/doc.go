// Package bundle writes and checks the package that a lawyer receives: a BagIt
// 1.0 bag in a zip, specified in docs/spec/bundle.md.
//
//	zapis-bundle/VERIFY.txt                              how to check it with stock tools
//	zapis-bundle/bag-info.txt                            and bagit.txt (RFC 8493)
//	zapis-bundle/data/report/report.json                 the account; report.txt for reading
//	zapis-bundle/data/attachments/A01.jpg                originals, under names of ours
//	zapis-bundle/data/disclosure/commitments.txt         what was committed to on arrival
//	zapis-bundle/data/disclosure/narrative.json          a disclosed line; withheld ones are absent
//	zapis-bundle/data/disclosure/follow-up-01/…          the same for what followed
//	zapis-bundle/data/ledger/entries/2.txt               the case's entries, and those that govern
//	zapis-bundle/data/ledger/bodies/0.txt                the bodies of those that govern
//	zapis-bundle/data/ledger/checkpoint                  signed by the log
//	zapis-bundle/data/ledger/receipt                     the report's proof; receipts/<index> the others'
//	zapis-bundle/data/custody/events.txt                 every act on evidence
//	zapis-bundle/manifest-sha256.txt                     the payload's hashes
//	zapis-bundle/tagmanifest-sha256.txt                  the papers' hashes
//	zapis-bundle/signatures/tagmanifest-sha256.txt.sig   SSH signature by a trustee
//	zapis-bundle/trust/allowed_signers                   a convenience; it proves nothing by itself
//
// Both sides work on plain data and readers: the package has no vault, store or network, unpacks nothing, and its
// memory does not grow with the originals. The same input yields the same bytes, and a bundle has one encoding: every
// other encoding is refused.
package bundle
