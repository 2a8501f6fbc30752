package pdf

import "fmt"

// certificate renders two declarations to be read, corrected, and signed by
// hand.
func certificate(f Facts) ([]byte, error) {
	title := "Declarations"
	if f.Forum == ForumUS {
		title = "Certifications under FRE 902(11), (13) and (14)"
	}
	s := newSheet(title, "en", f)
	s.paragraph("To be signed by hand by those who can answer for them. Strike out what you do not know yourself. Unsigned, these pages say nothing.")
	s.row("Case", f.Case, false)
	s.row("Ledger", f.Ledger, true)
	s.row("Bundle made", f.Made.Format(timeLayout)+" by "+f.Signer, false)

	s.operator(f)
	s.newPage()
	s.trustee(f)
	return s.bytes()
}

func (s *sheet) operator(f Facts) {
	s.heading("The operator, on the system")
	s.paragraph("I am responsible for the operation of the report form and the ledger named above.")
	if f.Forum == ForumUS {
		s.paragraph("I make this certification under Federal Rule of Evidence 902(13), as a person qualified to describe an electronic process that produces an accurate result.")
	}
	for _, line := range []string{
		"The form is served by a program, Zapis, which works without intervention by a person. It takes what a person sends, commits to each answer and file by SHA-256, seals the content to the trustees' keys, and enters the hashes in a ledger at fixed times.",
		"Neither I nor a person under my direction can read what was sealed, or has a key that opens it.",
		"Each entry names the hash of the one before it; all are leaves of a hash tree whose root the system signs with two keys. A change to an entry after that shows.",
		"To my knowledge the program ran as published while the submissions named below were received, and its clock was right to within a few minutes.",
	} {
		s.item("%s", line)
	}
	for _, sub := range f.Submission {
		s.row(sub.Name, sub.place()+"; body "+sub.Body, false)
	}
	s.oath(f)
	s.signature("Name and signature of the operator")
}

func (s *sheet) trustee(f Facts) {
	s.heading("The trustee, on custody")
	s.paragraph("I am %s, a trustee of the ledger named above, and the holder of the key %s.", f.Signer, f.Fingerprint)
	if f.Forum == ForumUS {
		s.paragraph("I make this certification under Federal Rules of Evidence 902(11) and 902(14), as a person qualified to identify data copied from an electronic medium by a process of digital identification.")
	}
	for _, line := range []string{
		"I received a copy of the ledger, verified it with the program before anything was opened, and opened the parts of this case on my own device.",
		"The answers and files in the bundle are true copies of what I opened. Each has the SHA-256 that was committed to on arrival; the program compared them before it wrote the bundle.",
		fmt.Sprintf("My acts on the evidence of this case are those in data/custody/events.txt (%d of the log's %d events are shown), which I keep in the regular course of my work, each written down before the act.", len(f.Events), f.EventsTotal),
		"What is withheld is listed, with the reason, in 01_chain-of-custody.pdf. I withheld nothing else, and changed nothing.",
		"I do not vouch for what the account says, nor for who gave it.",
	} {
		s.item("%s", line)
	}
	for _, sub := range f.Submission {
		for _, e := range sub.Exhibits {
			s.row(e.Number, e.SHA256, true)
		}
	}
	s.oath(f)
	s.signature("Name and signature of the trustee")
}

func (s *sheet) oath(f Facts) {
	s.y += mm(20)
	if f.Forum == ForumUS {
		s.paragraph("I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and correct (28 U.S.C. § 1746).")
		return
	}
	s.paragraph("I declare that this is true to the best of my knowledge, and am ready to explain it before a court.")
}
