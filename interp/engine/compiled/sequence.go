package compiled

// sequence runs steps and then what chooses the next block. A block that
// follows itself goes round here.
func sequence(self *block, pc int32, steps []step, end func(*frame) *block) func(*frame) *block {
	switch len(steps) {
	case 0:
		return func(fr *frame) *block {
			fr.pc = pc
			for {
				if next := end(fr); next != self {
					return next
				}
			}
		}
	case 1:
		s0 := steps[0]
		return func(fr *frame) *block {
			for {
				fr.pc = pc
				s0(fr)
				fr.pc = pc + 1
				if next := end(fr); next != self {
					return next
				}
			}
		}
	case 2:
		s0, s1 := steps[0], steps[1]
		return func(fr *frame) *block {
			for {
				fr.pc = pc
				s0(fr)
				fr.pc = pc + 1
				s1(fr)
				fr.pc = pc + 2
				if next := end(fr); next != self {
					return next
				}
			}
		}
	case 3:
		s0, s1, s2 := steps[0], steps[1], steps[2]
		return func(fr *frame) *block {
			for {
				fr.pc = pc
				s0(fr)
				fr.pc = pc + 1
				s1(fr)
				fr.pc = pc + 2
				s2(fr)
				fr.pc = pc + 3
				if next := end(fr); next != self {
					return next
				}
			}
		}
	case 4:
		s0, s1, s2, s3 := steps[0], steps[1], steps[2], steps[3]
		return func(fr *frame) *block {
			for {
				fr.pc = pc
				s0(fr)
				fr.pc = pc + 1
				s1(fr)
				fr.pc = pc + 2
				s2(fr)
				fr.pc = pc + 3
				s3(fr)
				fr.pc = pc + 4
				if next := end(fr); next != self {
					return next
				}
			}
		}
	}
	s0, s1, s2, s3, rest := steps[0], steps[1], steps[2], steps[3], steps[4:]
	return func(fr *frame) *block {
		for {
			fr.pc = pc
			s0(fr)
			fr.pc = pc + 1
			s1(fr)
			fr.pc = pc + 2
			s2(fr)
			fr.pc = pc + 3
			s3(fr)
			for i, s := range rest {
				fr.pc = pc + 4 + int32(i)
				s(fr)
			}
			fr.pc = pc + 4 + int32(len(rest))
			if next := end(fr); next != self {
				return next
			}
		}
	}
}
