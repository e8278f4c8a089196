# A word before.
@shop/sell
Feature: Selling
  # And one between.
  @id:one
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then 2 are left
